# Four days of trading, a target of 10 %, and nothing open: the first step is won, and the second begins on an account of its own, with
# the balance that was sold.
program two_step_static size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  10:00  EURUSD 1.10000 / 1.10010
         Ada buys 5 lots EURUSD as p1 at 1.10010
  16:00  EURUSD 1.12010 / 1.12020
         Ada closes p1
         # 2,000 points on 5 lots are the whole target, but only one day
         expect balance 110,000.00
         expect standing active
         expect nothing

Tuesday 3 June 2025
  10:00  EURUSD 1.12000 / 1.12010
         Ada buys 0.01 lots EURUSD as p2 at 1.12010
         Ada closes p2 at 1.12010

Wednesday 4 June 2025
  10:00  EURUSD 1.12000 / 1.12010
         Ada buys 0.01 lots EURUSD as p3 at 1.12010
         Ada closes p3 at 1.12010
         expect 3 trading days

Thursday 5 June 2025
  10:00  EURUSD 1.12000 / 1.12010
         Ada buys 0.01 lots EURUSD as p4 at 1.12010
         # a position is open, and the step is won flat
         expect nothing
         Ada closes p4 at 1.12010
         expect passed with balance 110,000.00
         # what follows is asked of the second step's account
         expect standing active
         expect balance 100,000.00
         expect floor of maximum_loss 90,000.00
         expect 0 trading days
