# A position is held over the weekend, and the market opens two hundred points lower. Nothing can be done between the two prices: the first one
# of the week is what counts, and the loss is larger than the limit.
program two_step_static size 100,000.00 USD
Ada buys the program
Ben buys the program

Friday 6 June 2025
  22:00     EURUSD 1.10000 / 1.10010
            Ada buys 2.60 lots EURUSD as ada-1
            Ben buys 2.40 lots EURUSD as ben-1

Saturday 7 June 2025
  12:00     Ada closes ada-1
            expect of Ada: refused because market closed
            expect of Ada: day begins with balance 100,000.00, equity 99,974.00, final
            expect of Ada: nothing

Sunday 8 June 2025
  23:00:04  EURUSD 1.08000 / 1.08040
            # 2,010 points on 2.60 lots are 5,226.00; on 2.40 lots 4,824.00
            expect of Ada: breach of daily_loss at equity 94,774.00, floor 95,000.00
            expect of Ada: standing breached
            expect of Ben: equity 95,176.00
            expect of Ben: standing active
            expect of Ben: warning of daily_loss at 80 %
