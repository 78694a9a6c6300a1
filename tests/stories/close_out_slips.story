# What is closed because a limit was broken is closed at the market, and slips. The first limit pauses the account; its close-out costs forty
# cents more than the price that broke it, and goes through the second limit, which ends the account. Both are told, each with its own figures.
rules rules/pause_above_the_end.toml size 50,000.00 USD
Ada buys the program

Monday 2 June 2025
  10:00     EURUSD 1.10000 / 1.10010
            Ada buys 0.40 lots EURUSD as p1 at 1.10010
            expect floor of daily_loss 48,750.00
            expect floor of maximum_loss 48,747.80
  11:00     EURUSD 1.06880 / 1.06890
            # 48,748.00 is below the first floor and above the second
            expect breach of daily_loss at equity 48,748.00, floor 48,750.00
            expect breach of maximum_loss at equity 48,747.60, floor 48,747.80
            expect balance 48,747.60
            expect flat
            expect standing breached
