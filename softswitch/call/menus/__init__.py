"""IVR sessions: what they ask for, carried out."""
