"""What campaigns say at the control points of menus: bound, changed, taken back, and remembered in the journal."""
