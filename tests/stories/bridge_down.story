# The bridge is silent over the rollover. Nobody can judge what nobody has heard; when the bridge comes back it tells what it kept, each price with its own
# stamp. The day is opened from the last price before midnight, and the fall at ten past is a breach at ten past, although the price has come back since.
program two_step_static size 100,000.00 USD
Ada buys the program

Tuesday 3 June 2025
  23:00     EURUSD 1.10000 / 1.10010
            Ada buys 5 lots EURUSD as p1 at 1.10010
  23:30     the bridge falls silent
  23:50     EURUSD 1.09400 / 1.09410

Wednesday 4 June 2025
  00:10     EURUSD 1.08900 / 1.08910
            expect standing active
            expect day begins with balance 100,000.00
            expect nothing
  00:20     EURUSD 1.09600 / 1.09610
  00:30     the bridge comes back and tells
            # 610 points on 5 lots at midnight, 1,110 at ten past
            expect day begins with balance 100,000.00, equity 96,950.00, final
            # first it could not be final, because the day's start was not
            expect suspected breach of daily_loss at equity 94,450.00, floor 95,000.00 because provisional anchor
            expect breach of daily_loss at equity 94,450.00, floor 95,000.00
            expect standing breached
