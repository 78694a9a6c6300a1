# The bridge is away for forty minutes while Ada holds euros and Ben nothing. It tells afterwards what it kept, and of the rest that there was no price; so what
# would have been without the outage is known. Ada is marked and passes nothing meanwhile; her fall at five to eleven is a breach all the same, for prices that
# nobody heard in time were prices. Nothing of this is Ben's.
program two_step_static size 100,000.00 USD
Ada buys the program
Ben buys the program

Tuesday 3 June 2025
  10:00     EURUSD 1.10000 / 1.10010
            Ada buys 5 lots EURUSD as p1 at 1.10010
            expect of Ada: nothing
  10:30     the bridge falls silent
  10:36     nothing happens
            expect of Ada: fact PassesFrozen
            expect of Ben: nothing
  10:50     EURUSD 1.09400 / 1.09410
  10:55     EURUSD 1.09000 / 1.09010
  11:05     EURUSD 1.10000 / 1.10010
  11:10     the bridge comes back and tells
            # 1,010 points on 5 lots
            expect of Ada: breach of daily_loss at equity 94,950.00, floor 95,000.00
  11:25     nothing happens
            expect of Ada: fact OutageAssessed
            expect of Ada: standing breached
            expect of Ben: nothing
