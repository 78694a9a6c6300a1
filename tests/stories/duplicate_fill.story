# After a reconnection the platform tells a fill again. It is booked once.
program two_step_static size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            Ada buys 2 lots EURUSD as p1 at 1.10010
            expect equity 99,980.00
  09:00:05  fill of p1 is told twice
            expect fact DealIgnored
            expect equity 99,980.00
  10:00     EURUSD 1.10110 / 1.10120
            Ada closes p1
            expect balance 100,200.00
  10:00:05  fill of p1 is told twice
            expect fact DealIgnored
            expect balance 100,200.00
            expect flat
            expect standing active
