# A week is measured from where it began. What is paid in on its Wednesday is no profit of the week, and does not make a larger loss: the start of the week moves
# with it, and 4,000.00 below that is the floor until Sunday.
rules rules/weekly_four.toml size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            expect floor of weekly_loss 96,000.00

Wednesday 4 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            deposit 10,000.00
            expect floor of weekly_loss 106,000.00
            Ada buys 4 lots EURUSD as p1 at 1.10010

Thursday 5 June 2025
  09:00     EURUSD 1.09510 / 1.09520
            # 500 points on 4 lots; the next day's floor is the week's all the same
            expect equity 108,000.00
            expect floor of weekly_loss 106,000.00
            withdrawal 1,000.00
            expect floor of weekly_loss 105,000.00
            expect nothing
  10:00     EURUSD 1.09009 / 1.09019
            # 1,001 points
            expect breach of weekly_loss at equity 104,996.00, floor 105,000.00
            expect standing breached
