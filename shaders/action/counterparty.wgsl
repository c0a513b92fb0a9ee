// Twin: Unlimited of src/book/action/counterparty.rs. Takes everything at the market's marks and
// bears nothing. Where positions are coupled, `coupled/desk.wgsl` stands in its place.

fn counterparty_size(proposal: Proposal, most: u32) -> u32 { return most; }

fn counterparty_take() {}

fn counterparty_close() -> Wide { return wide(0u, 0u); }

fn counterparty_settle(left: Wide, notional: Wide) -> Wide {
    if (is_negative(left)) { return left; }
    return wide(0u, 0u);
}
