# Where the rules ask for one person alone: a high that a wrong price has made is set right, and a limit is waived for two days.
rules rules/below_the_best_balance.toml size 100,000.00 USD
Ada buys the program

Monday 2 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            Ada buys 1 lot EURUSD as lucky at 1.10010
            Ada buys 1 lot EURUSD as held at 1.10010
  10:00     EURUSD 1.12010 / 1.12020
            Ada closes lucky
            expect floor of trailing_loss 98,000.00
            Ruth adjusts the high of trailing_loss to 100,000.00, because that price was wrong
            expect fact OverrideGranted
            expect floor of trailing_loss 96,000.00
  11:00     console waives trailing_loss for 2 days
            expect fact OverrideGranted
  12:00     EURUSD 1.04000 / 1.04010
            expect nothing
            expect equity 95,990.00

Wednesday 4 June 2025
  10:59     nothing happens
            expect standing active
  11:01     nothing happens
            # a floor that hangs from a figure which a person set decides nothing by itself
            expect suspected breach of trailing_loss at equity 95,990.00, floor 96,000.00
