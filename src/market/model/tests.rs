//! Do the models have the law their docs state?
