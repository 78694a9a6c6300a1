# A deal of before midnight is told after it, and so is the platform's snapshot of the evening. The day begins from the last state before the
# rollover, with that deal in it: it is provisional until the platform has told everything, and a late snapshot moves nothing.
program two_step_static size 100,000.00 USD
Ada buys the program

Tuesday 3 June 2025
  20:00     EURUSD 1.10000 / 1.10010
            Ada buys 2 lots EURUSD as p1 at 1.10010
  23:59     EURUSD 1.10510 / 1.10520
  23:59:50  Ada closes p1, told 00:00:20 the next day
            the platform shows the account, told 00:00:25 the next day

Wednesday 4 June 2025
  00:00:10  # the firm does not know of the close yet, and knows that it may not know
            expect day begins with balance 100,000.00, equity 101,000.00, provisional
  00:00:40  expect day begins with balance 101,000.00, equity 101,000.00, final
            expect floor of daily_loss 96,000.00
            expect balance 101,000.00
  08:00     EURUSD 1.10600 / 1.10610
            expect standing active
