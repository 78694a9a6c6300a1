# A payout leaves the account like any cash, and is no loss: the floor of the day goes down with it. A second one beyond what is free is refused.
program two_step_static size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            Ada buys 2 lots EURUSD as won at 1.10010
  10:00     EURUSD 1.12010 / 1.12020
            Ada closes won
            expect balance 104,000.00

Tuesday 3 June 2025
  09:00     EURUSD 1.12000 / 1.12010
            expect floor of daily_loss 99,000.00
            payout 3,000.00
            expect fact PayoutBooked
            expect balance 101,000.00
            expect floor of daily_loss 96,000.00
            expect standing active
            payout 200,000.00
            expect refused because no money
