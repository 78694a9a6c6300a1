# A release moves the price by ninety points in one tick. A stop is filled where the market is, not where it was set,
# and an order in the rush is filled three points worse than the price that was seen. The firm's calendar had the release:
# what was opened before its window is no breach, nor a stop that the platform filled; what is opened within it is.
rules rules/around_news.toml size 100,000.00 USD
Ada buys the program
Ben buys the program

Friday 6 June 2025
  14:00         news USD high Nonfarm payrolls at 14:30
                news USD low Earnings at 14:26
  14:25         EURUSD 1.10000 / 1.10010
  14:26         Ada buys 2 lots EURUSD as ada-1, stop 1.09800
                Ben buys 5.50 lots EURUSD as ben-1, stop 1.09800
  14:30:00.250  EURUSD 1.09100 / 1.09160
                # Ada's stop cost 910 points and not 210: 2 lots are 1,820.00
                expect of Ada: nothing
                expect of Ada: standing active
                expect of Ada: balance 98,180.00
                expect of Ada: flat
                # Ben's 5.50 lots cost 5,005.00: the tick itself is below the floor, whatever his stop was meant to save
                expect of Ben: breach of daily_loss at equity 94,995.00, floor 95,000.00
                expect of Ben: standing breached
  14:30:01      EURUSD 1.09110 / 1.09170
                Ada sells 1 lot EURUSD as ada-2 at 1.09080
                expect of Ada: breach of news
                expect of Ada: standing active
                expect of Ada: equity 98,090.00
                expect of Ada: floor of daily_loss 95,000.00
                # what a trader who is out asks for is refused by the platform
                Ben buys 1 lot EURUSD as ben-2
                expect of Ben: refused because trade disabled
