"""The consortium: who is a member, what the members have decided, who has signed the participation agreement."""
