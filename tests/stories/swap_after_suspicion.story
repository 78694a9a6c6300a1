# The day begins at 17:00 in New York, and its start waits for what the night cost. Until that is told, a fall below the floor is suspected. Then the swap
# is in the equity with which the day began, and in the equity that was seen: it is the breach that it was, and no swap lets it go.
rules rules/from_equity_with_swap.toml size 100,000.00 USD
Ada buys the program

Tuesday 3 June 2025
  15:00     EURUSD 1.10000 / 1.10010
            Ada buys 4 lots EURUSD as p1 at 1.10010
  16:59:30  EURUSD 1.10010 / 1.10020
  17:05     EURUSD 1.09009 / 1.09019
            # 1,001 points on 4 lots
            expect suspected breach of daily_loss at equity 95,996.00, floor 96,000.00 because provisional anchor
            expect standing suspected
  17:20     swap of p1 -400.00
            expect day begins with balance 100,000.00, equity 99,600.00, final
            expect breach of daily_loss at equity 95,596.00, floor 95,600.00
            expect standing breached
