# The bridge tells prices, and does not say that these are all. As long as it has not, something of before midnight may still come, so a fall below
# the new day's floor is suspected: the trader may close and not open. It is a breach as soon as the bridge says that there was nothing more.
program two_step_static size 100,000.00 USD
Ada buys the program

Tuesday 3 June 2025
  22:00     EURUSD 1.10000 / 1.10010
            Ada buys 5 lots EURUSD as p1 at 1.10010
  23:59     watermarks stop

Wednesday 4 June 2025
  00:00:20  expect day begins with balance 100,000.00, equity 99,950.00, provisional
  00:05     EURUSD 1.09005 / 1.09015
            expect suspected breach of daily_loss at equity 94,975.00, floor 95,000.00 because provisional anchor
            expect standing suspected
            Ada buys 1 lot EURUSD as p2
            expect refused because close only
  00:06     watermark
            expect day begins with balance 100,000.00, equity 99,950.00, final
            expect breach of daily_loss at equity 94,975.00, floor 95,000.00
            expect standing breached
            watermarks go on
