# A position is closed where it was opened: no profit, no loss, no cost. It is a trade all the same, and today counts as traded where the
# rules count days on which something was opened. A second one on the same day adds none.
program two_step_static size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         expect 0 trading days
         Ada buys 1 lot EURUSD as p1 at 1.10010
         Ada closes p1 at 1.10010
         expect balance 100,000.00
         expect 1 trading days
  10:00  Ada buys 1 lot EURUSD as p2 at 1.10010, commission 3.50
         Ada closes p2 at 1.10010
         expect balance 99,996.50
         expect 1 trading days
         expect nothing

Tuesday 3 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         expect 1 trading days
         Ada sells 1 lot EURUSD as p3 at 1.10000
         expect 2 trading days
