# One order is filled in three parts, each at its own price; the position is held at their average. It is closed in parts too.
program two_step_static size 100,000.00 USD
Ada buys the program

Tuesday 3 June 2025
  10:00     EURUSD 1.10000 / 1.10010
            Ada buys 1 lot EURUSD as p1 at 1.10010
  10:00:01  p1 is filled with 0.50 lots more at 1.10022
  10:00:02  p1 is filled with 0.50 lots more at 1.10034
            # 2 lots at the average of 1.10019; at the bid that is 19 points each
            expect equity 99,962.00
            expect 1 trading days
  11:00     EURUSD 1.10219 / 1.10229
            Ada closes 0.70 lots of p1
            # 200 points on 0.70 lots
            expect balance 100,140.00
            Ada closes half of p1
            # and on 0.65 lots
            expect balance 100,270.00
            expect equity 100,400.00
  12:00     EURUSD 1.10019 / 1.10029
            Ada closes p1
            expect balance 100,270.00
            expect flat
            expect nothing
