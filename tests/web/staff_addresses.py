"""What of an account staff are shown, by address: who may not see the account is to find none of them."""

OF_AN_ACCOUNT = (
    "/staff/accounts/{}",
    "/staff/accounts/{}/trades",
    "/staff/accounts/{}/trades.csv",
    "/staff/accounts/{}/rules",
    "/staff/accounts/{}/notices",
    "/staff/accounts/{}/chart",
    "/staff/accounts/{}/live",
    "/staff/trace?desk=account/{}",
    "/staff/trace.jsonl?desk=account/{}",
)
