# Money is paid in and taken out again, up to all of it. Neither is profit or loss, so the limits move with the cash, and the next spread is
# judged as it would have been without. A payout would leave the floor where it is (payout_under_a_lock.story has some).
program two_step_static size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         deposit 20,000.00
         expect balance 120,000.00
         expect floor of daily_loss 115,000.00
         expect floor of maximum_loss 110,000.00
  10:00  withdrawal 120,000.00
         expect balance 0.00
         expect floor of daily_loss -5,000.00
         expect floor of maximum_loss -10,000.00
         expect nothing
  11:00  withdrawal 0.01
         expect refused because no money
         # an account with nothing in it can hold nothing either
         Ada buys 1 lot EURUSD as p1
         expect refused because no money
         expect standing active
