// Twin: src/book/action.rs. What happens on a breach; the actions stand in `action/`.

struct AccountFacts {
    constant: Wide,
    money_shift: u32,
}

fn action_run(action: Action, facts: AccountFacts) -> Event {
    switch (action.kind) {
        case ACTION_PRO_RATA: { return pro_rata(action); }
        case ACTION_LARGEST_LEGS: { return largest_legs(action, facts); }
        default: { return close_out(action, facts); }
    }
}

fn event_none() -> Event {
    return Event(wide(0u, 0u), wide(0u, 0u), wide(0u, 0u), 0u);
}
