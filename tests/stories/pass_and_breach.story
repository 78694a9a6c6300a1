# One tick closes a winner at its target, which lifts the balance over the phase's target, and drops a loser below the daily floor. A breach is judged on
# the price itself, before the platform's deal is told: it comes first, and an account that is out passes nothing.
rules rules/daily_five.toml size 100,000.00 USD
Ada buys the program
Ben buys the program

Monday 2 June 2025
  09:00  EURUSD 1.10000 / 1.10010
         GBPUSD 1.27000 / 1.27010
         Ada sells 3 lots EURUSD as ada-won at 1.10000, target 1.09000
         Ada buys 6 lots EURUSD as ada-lost at 1.10010
         Ben sells 3 lots EURUSD as ben-won at 1.10000, target 1.09000
  10:00  EURUSD 1.08330 / 1.08340
         # Ada: 4,980.00 won, 10,080.00 lost
         expect of Ada: breach of daily_loss at equity 94,900.00, floor 95,000.00
         expect of Ada: standing breached
         # Ben holds the winner alone, and passes on the same tick
         expect of Ben: passed with balance 104,980.00
         expect of Ben: standing passed
