"""What callers leave: messages, their audio and the mail about them; requests to be called back."""
