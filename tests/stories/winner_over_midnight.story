# The same night for a winner, under a limit that hangs from the higher of balance and equity: profit that is still open at the rollover
# lifts the next day's floor, and giving back what was never booked is a breach. The program's day begins at 00:00 in UTC+3.
program two_step_higher_anchor size 100,000.00 USD
Ada buys the program

Wednesday 4 June 2025
  10:00     EURUSD 1.10000 / 1.10010
            Ada buys 4 lots EURUSD as p1 at 1.10010, stop 1.09500
  23:00     EURUSD 1.11510 / 1.11520
            expect floor of daily_loss 95,000.00

Thursday 5 June 2025
  00:00:30  expect day begins with balance 100,000.00, equity 106,000.00, final
            # 95 % of 106,000.00
            expect floor of daily_loss 100,700.00
  10:00     EURUSD 1.10190 / 1.10200
            expect equity 100,720.00
            expect standing active
  10:00:05  EURUSD 1.10180 / 1.10190
            expect breach of daily_loss at equity 100,680.00, floor 100,700.00
