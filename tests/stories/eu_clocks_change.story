# Europe leaves summer time on 26 October 2025, New York a week later. In that week the market closes for the weekend at 21:00 UTC, which is
# 22:00 in Prague, and not at 23:00 as in all others: an order at 22:30 on that Friday is too late.
program two_step_static size 100,000.00 USD
Ada buys the program

Friday 24 October 2025
  22:30     EURUSD 1.16000 / 1.16010
            Ada buys 1 lot EURUSD as p1, stop 1.15000
            Ada closes p1
            expect balance 99,990.00

Friday 31 October 2025
  21:30     EURUSD 1.16000 / 1.16010
            Ada buys 1 lot EURUSD as p2, stop 1.15000
  22:30     Ada closes p2
            expect refused because market closed
            expect nothing

Sunday 2 November 2025
  22:30     # New York is on standard time again: its market opens at 23:00 in Prague
            Ada closes p2
            expect refused because market closed
  23:00:10  EURUSD 1.16010 / 1.16020
            Ada closes p2
            expect balance 99,990.00
            expect flat
            expect 2 trading days
