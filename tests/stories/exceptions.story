# What people may grant: a waiver that a second person agrees to, and an account that goes on after its breach.
program two_step_static size 100,000.00 USD
Ada buys the program
Ben buys the program

Monday 2 June 2025
  09:00     EURUSD 1.10000 / 1.10010
            Ruth waives daily_loss of Ada until 12:00, because our prices were wrong
            expect of Ada: fact OverrideAsked
            Omar waives daily_loss of Ada until 12:00, because our prices were wrong
            expect of Ada: fact OverrideGranted
            Ada buys 5 lots EURUSD as ada-1 at 1.10010
            Ben buys 5 lots EURUSD as ben-1 at 1.10010
  10:00     EURUSD 1.09000 / 1.09010
            expect of Ada: nothing
            expect of Ada: equity 94,950.00
            expect of Ben: breach of daily_loss at equity 94,950.00, floor 95,000.00
            expect of Ben: standing breached
  10:30     console reinstates Ben, because our prices were wrong
            # two people must agree, and a console has no name
            expect of Ben: refused because name missing
            Ruth reinstates Ben, because our prices were wrong
            expect of Ben: fact OverrideAsked
            Omar reinstates Ben, because our prices were wrong
            expect of Ben: fact OverrideGranted
            expect of Ben: decision overridden
            expect of Ben: standing active
  11:00     Ada closes ada-1
            Ruth extends the phase of Ada by 3 days
            Omar extends the phase of Ada by 3 days
            expect of Ada: fact OverrideGranted
            Ruth adjusts the day's balance of Ada to 99,000.00
            Omar adjusts the day's balance of Ada to 99,000.00
            expect of Ada: floor of daily_loss 94,000.00
  12:00     nothing happens
            expect of Ada: standing active
