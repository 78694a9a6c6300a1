# A competition is won by the score that the firm publishes, once all else that the rules ask for is there: a score alone wins nothing, a
# corrected one counts in place of the one before, and what was won stays won.
rules rules/spring_cup.toml size 100,000.00 USD
Ada buys the program
Ben buys the program

Monday 2 June 2025
  10:00  EURUSD 1.10000 / 1.10010
         score 12 on Autumn cup is published of Ada
         expect of Ada: refused because unknown board
         score 12 on Spring cup is published of Ada, because first on the board
         expect of Ada: fact ScorePublished
         # she has not traded yet
         expect of Ada: standing active
         score 9 on Spring cup is published of Ben
         expect of Ben: standing active
  11:00  Ada buys 1 lots EURUSD as p1 at 1.10010
         Ada closes p1 at 1.10010
         expect of Ada: passed with balance 100,000.00
         Ben buys 1 lots EURUSD as p2 at 1.10010
         Ben closes p2 at 1.10010
         expect of Ben: nothing
  12:00  score 9 on Spring cup is published of Ben
         expect of Ben: refused because score known
         score 10 on Spring cup is published of Ben by Ruth, because a mission was counted twice
         expect of Ben: passed with balance 100,000.00
         score 3 on Spring cup is published of Ben by Omar, because it was counted for somebody else
         expect of Ben: fact ScorePublished
         expect of Ben: nothing
         expect of Ben: standing passed
