"""E-mail to departments: voicemail, requests to be called back. What was accepted is kept on disk until it is sent."""
