"""Remedies: the first thing to do about each alarm, in one sentence. The runbooks say it too, and all that follows."""

from appliance.alarms.notice import Alarm

REMEDIES: dict[Alarm, str] = {
    Alarm.BACKUP_OLD: "Find out why the last backup did not end, and run one by hand with “evenhand backup”.",
    Alarm.BREAKER_TRIPPED: "Look at the suspected breaches and at their prices before anything is released.",
    Alarm.BRIDGE_AWAY: "Look at the bridge's machine: does its program run, and does it reach the gateway's port?",
    Alarm.BRIDGE_REFUSED: "Read the reasons under “Refused at the border” on the staff's health page.",
    Alarm.CALENDAR_OLD: "Read in the log why the calendar was not taken; until it is, import one by hand with “evenhand calendar import”.",
    Alarm.CHECKPOINT_OLD: "Look in the log for the last commit, and at whether firm time still moves.",
    Alarm.CLOCK_STEPPED: "Make the machine's time service well first, then restart the firm in a quiet minute.",
    Alarm.COMMAND_WAITS: "Look at the command on the staff's commands page, and at the account on the platform itself.",
    Alarm.COMMITS_SLOW: "Look for what else writes to the same disk.",
    Alarm.COPIES_BEHIND: "Run “evenhand backup --check” as the user who makes copies, and do what each of its lines says.",
    Alarm.DESK_STOPPED: "Find the traceback in the log, and let the desk go on only when its cause is known.",
    Alarm.DESTINATION_AWAY: "Read in the log what its last calls came to, and look whether it is up for others.",
    Alarm.DISK_LOW: "Make room on the firm's file system, outside its directory first.",
    Alarm.ENFORCEMENT_FAILS: "Look at the failed commands on the staff's commands page, and at each account on the platform itself.",
    Alarm.ENFORCEMENT_OWED: "Open “Owed” from the staff’s controls page, look at what was withheld, and order it anew.",
    Alarm.ENGINE_STANDS: "Read in the log why nothing is committed, and look at the disk.",
    Alarm.FEED_SILENT: "Look at whether the platform itself has prices, then restart the bridge.",
    Alarm.MAIL_WAITS: "Read in the log what the mail server answered, and look whether it is up and still takes our password.",
    Alarm.QUEUE_DEEP: "Look at the commit times and at the processor: the engine gets more than it can decide.",
    Alarm.READ_MODEL_BEHIND: "Stop the firm, run “evenhand rebuild”, and start it again.",
    Alarm.REPLAY_DIVERGED: "Do not start it again and again: run “evenhand verify”, then “evenhand replay”, and keep what they say.",
    Alarm.READ_ONLY: "Read in the alarm what cannot be written, and make that disk well: the firm goes on by itself.",
    Alarm.VAULT_NOT_WRITABLE: "Read in the log what the vault says: its disk refuses, or vault.db or keys.db is damaged.",
    Alarm.WAL_LARGE: "Find who reads the database for so long: a copy, a report, a forgotten shell.",
}
