"""The commands, a few lines around each verb of the Session, grouped as the verbs are."""
