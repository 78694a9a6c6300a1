# A floor that has come to its lock, and payouts. The high comes down by what was paid out, and where the lock is not permanent the floor
# comes down with it, below the initial balance. A withdrawal moves high and floor alike.
rules rules/lock_and_payouts.toml size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         Ada buys 10 lots EURUSD as winner at 1.10010
         expect floor of maximum_loss 94,000.00
  10:00  EURUSD 1.11010 / 1.11020
         Ada closes winner
         expect balance 110,000.00
         # the trail alone would be at 104,000.00
         expect floor of maximum_loss 100,000.00
  11:00  payout 4,000.00
         expect balance 106,000.00
         # a high of 106,000.00 still keeps the floor at its lock
         expect floor of maximum_loss 100,000.00
  12:00  payout 1,000.00
         expect balance 105,000.00
         expect floor of maximum_loss 99,000.00
         expect nothing
         expect standing active
