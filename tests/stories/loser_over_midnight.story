# A trader has won 3,000.00 today and sits on an open loss of 6,000.00. Until midnight that is allowed: the day began at 100,000.00.
# At midnight today's winnings are yesterday's: the new day begins at 103,000.00, and the very first instant of it is a breach.
program two_step_static size 100,000.00 USD
Ada buys the program

Wednesday 4 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            Ada buys 3 lots EURUSD as winner at 1.10010
  15:00     EURUSD 1.11010 / 1.11020
            Ada closes winner
            expect balance 103,000.00
            Ada buys 5 lots EURUSD as loser at 1.11020
  23:00     EURUSD 1.09820 / 1.09830
            expect equity 97,000.00
            expect floor of daily_loss 95,000.00
            expect nothing

Thursday 5 June 2025
  00:00:30  expect day begins with balance 103,000.00, equity 97,000.00, final
            expect breach of daily_loss at equity 97,000.00, floor 98,000.00
            expect standing breached
