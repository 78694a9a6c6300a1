# A daily limit that stops trading and does not end the account: what is open is closed, nothing may be opened until the next day, which in this program
# begins at 18:00 in New York.
program futures_daily_pause_step_up size 50,000.00 USD
Ada buys the program

Monday 2 June 2025
  10:00     EURUSD 1.10000 / 1.10010
            Ada buys 0.40 lots EURUSD as p1 at 1.10010
  11:00     EURUSD 1.07510 / 1.07520
            # 2,500 points on 0.40 lots: 80 % of the 1,250.00 that a day allows
            expect equity 49,000.00
            expect warning of daily_loss at 80 %
            expect nothing
  11:00:05  EURUSD 1.06880 / 1.06890
            expect breach of daily_loss at equity 48,748.00, floor 48,750.00
            expect standing paused
            expect flat
            Ada buys 0.10 lots EURUSD as p2
            expect refused because close only

Tuesday 3 June 2025
  10:00     EURUSD 1.07000 / 1.07010
            expect standing active
            Ada buys 0.10 lots EURUSD as p3
            expect balance 48,747.60
