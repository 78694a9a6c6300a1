# What the night costs belongs to the day that begins with it. Until the platform has told it the day's start is not final; then it has the swap
# in it, and the floor comes down with the equity that it is measured from.
rules rules/from_equity_with_swap.toml size 100,000.00 USD
Ada buys the program

Tuesday 3 June 2025
  15:00     EURUSD 1.10000 / 1.10010
            Ada buys 4 lots EURUSD as p1 at 1.10010
  16:59:30  EURUSD 1.10010 / 1.10020
  17:00:10  # equity is 100,000.00, and 4,000.00 below it is the floor
            expect day begins with balance 100,000.00, equity 100,000.00, provisional
            expect floor of daily_loss 96,000.00
  17:20     swap of p1 -400.00
            expect day begins with balance 100,000.00, equity 99,600.00, final
            expect floor of daily_loss 95,600.00
            expect equity 99,600.00
  18:00     EURUSD 1.09011 / 1.09021
            # 999 points on 4 lots, and the swap
            expect equity 95,604.00
            expect nothing
  18:00:05  EURUSD 1.09009 / 1.09019
            expect breach of daily_loss at equity 95,596.00, floor 95,600.00
            Ada closes p1
            expect refused because unknown position
            expect flat
