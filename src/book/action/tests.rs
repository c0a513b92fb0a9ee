//! Do the actions do what their docs say?
