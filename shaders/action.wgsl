// Twin: src/book/action.rs. What happens on a breach; the actions stand in `action/`.

struct AccountFacts {
    constant: Wide,
    // What is added to the margin surplus for its rounding.
    tie: Wide,
    money_shift: u32,
}

// What the counterparty is asked to take: the size decides how much of it. The kind stands for
// itself, so that where it is known only one kind is compiled.
struct Proposal {
    kind: u32,
    action: Action,
    facts: AccountFacts,
    sums: Values,
    collateral: u32,
    debt: u32,
}

fn action_run(action: Action, facts: AccountFacts) -> Event {
    switch (action.kind) {
        case ACTION_PRO_RATA: { return pro_rata(action, facts); }
        case ACTION_LARGEST_LEGS: { return largest_legs(action, facts); }
        default: { return close_out(action, facts); }
    }
}

fn event_none() -> Event {
    return Event(wide(0u, 0u), wide(0u, 0u), wide(0u, 0u), 0u);
}

// Sets `next` of every leg as a liquidation of that size would leave it.
fn propose(proposal: Proposal, size: u32) {
    if (proposal.kind == ACTION_PRO_RATA) {
        propose_pro_rata(proposal.sums, size);
    } else {
        propose_call(proposal, size);
    }
}
