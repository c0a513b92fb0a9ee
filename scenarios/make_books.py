#!/usr/bin/env python3
"""Write the books that ship with the scenarios beside this file, or check them.

    python3 make_books.py            # write
    python3 make_books.py --check    # exit 1 if a book differs from what would be written

Every book is synthetic: no row is a person's position. Only the shapes are taken from real books,
and each function says which. The standard library alone is used, and of `random` only uniform
numbers of the Mersenne twister, so that every Python 3 writes the same bytes.
"""

import csv
import gzip
import io
import math
import random
import sys
import zlib
from decimal import Decimal
from pathlib import Path

HEADER = ("position", "venue", "kind", "asset", "amount")
# Significant digits of an amount or a price.
DIGITS = 8

# Distribution of the health factor at opening: its least value, its quartiles (those of the
# Compound v2 book of 8-9 May 2023), and an upper tail; straight in the logarithm between the knots.
HEALTH_KNOTS = ((0.0, 1.02), (0.25, 1.2), (0.5, 1.67), (0.75, 2.3), (0.95, 5.0), (1.0, 20.0))
# Log debt of an account in USD, and the largest debt, of the same book.
LN_DEBT_MEAN, LN_DEBT_DEVIATION, MOST_DEBT_USD = 7.5, 2.6, 7e7
# How many assets back an account, and how many it owes, of the same book.
N_COLLATERALS = {1: 0.57, 2: 0.22, 3: 0.12, 4: 0.09}
N_DEBTS = {1: 0.76, 2: 0.18, 3: 0.06}

# ---------------------------------------------------------------- random numbers


class Draws:
    """Draws of one book: a uniform generator and transforms of it."""

    def __init__(self, seed):
        self._uniform = random.Random(seed).random

    def uniform(self, low=0.0, high=1.0):
        """Uniform between two bounds."""
        return low + (high - low) * self._uniform()

    def exponential(self, mean=1.0):
        """Exponential; 1 - u is never 0."""
        return -mean * math.log(1.0 - self._uniform())

    def normal(self, mean=0.0, deviation=1.0):
        """Normal, after Box and Muller 1958; the second of each pair is not used."""
        radius = math.sqrt(2.0 * self.exponential())
        return mean + deviation * radius * math.cos(2.0 * math.pi * self._uniform())

    def gamma(self, shape):
        """Gamma of a shape up to 1 (Ahrens and Dieter 1974, GS), or of a whole shape."""
        if shape > 1.0:
            return sum(self.exponential() for _ in range(int(shape)))
        bound = 1.0 + shape / math.e
        while True:
            product = bound * self._uniform()
            if product <= 1.0:
                value = product ** (1.0 / shape)
                if self.exponential() >= value:
                    return value
            else:
                value = -math.log((bound - product) / shape)
                if 1.0 - self._uniform() <= value ** (shape - 1.0):
                    return value

    def dirichlet(self, shapes):
        """Shares that sum to 1."""
        values = [self.gamma(shape) for shape in shapes]
        return [value / sum(values) for value in values]

    def choice(self, weights):
        """A key of a table of weights."""
        at = self.uniform(high=sum(weights.values()))
        for key, weight in weights.items():
            at -= weight
            if at < 0.0:
                return key
        return key

    def choices(self, weights, n):
        """Up to `n` different keys, one after another; as many as there are."""
        rest = dict(weights)
        chosen = []
        while rest and len(chosen) < n:
            chosen.append(self.choice(rest))
            del rest[chosen[-1]]
        return chosen

    def quantile(self, knots):
        """From a distribution given by (probability, value), straight in the log value."""
        at = self._uniform()
        for (low, value_low), (high, value_high) in zip(knots, knots[1:]):
            if at < high:
                share = (at - low) / (high - low)
                return value_low * (value_high / value_low) ** share
        return knots[-1][1]


# ---------------------------------------------------------------- lending books


class LendingVenue:
    """What accounts at a venue hold and owe; thresholds must be those of the scenario."""

    def __init__(self, name, thresholds, collaterals, debts, n_legs=4):
        self.name = name
        self.thresholds = thresholds
        self.collaterals = collaterals
        self.debts = debts
        self.n_legs = n_legs


def lending_account(draws, venue, prices, first=()):
    """The legs of one account: debt log-normal, health factor from its knots.

    `first` names assets that are owed whatever the draws say.
    """
    debt_usd = MOST_DEBT_USD
    while debt_usd >= MOST_DEBT_USD:
        debt_usd = math.exp(draws.normal(LN_DEBT_MEAN, LN_DEBT_DEVIATION))
    health = draws.quantile(HEALTH_KNOTS)
    n_debts = min(draws.choice(N_DEBTS), venue.n_legs)
    debts = (list(first) + [d for d in draws.choices(venue.debts, n_debts) if d not in first])[
        :n_debts
    ]
    free = {asset: weight for asset, weight in venue.collaterals.items() if asset not in debts}
    n_collaterals = min(draws.choice(N_COLLATERALS), venue.n_legs)
    collaterals = draws.choices(free, n_collaterals)
    shares = draws.dirichlet([1.0] * len(collaterals))
    counted = sum(s * venue.thresholds[asset] for s, asset in zip(shares, collaterals))
    collateral_usd = health * debt_usd / counted
    legs = [
        ("collateral", asset, share * collateral_usd / prices[asset])
        for share, asset in zip(shares, collaterals)
    ]
    shares = draws.dirichlet([1.0] * len(debts))
    legs += [
        ("debt", asset, share * debt_usd / prices[asset]) for share, asset in zip(shares, debts)
    ]
    return legs


def lending_book():
    """2,000 accounts at four venues; shape of the Compound v2 book of 8-9 May 2023.

    Source of the shape: rtuchman/compound-risk-optimization (Apache-2.0). Prices and thresholds
    are those of lending.toml.
    """
    prices = {
        "ETH": 1816.854996, "WSTETH": 2080.524895, "WBTC": 34814.14003, "LINK": 11.09980118,
        "USDC": 0.99997427, "DAI": 0.99990004, "USDT": 1.00017686,
    }
    collaterals = {
        "ETH": 0.25, "WSTETH": 0.13, "WBTC": 0.28, "LINK": 0.04,
        "USDC": 0.15, "DAI": 0.13, "USDT": 0.02,
    }
    debts = {"USDC": 0.43, "DAI": 0.31, "USDT": 0.20, "ETH": 0.04, "WBTC": 0.01, "LINK": 0.01}
    aave = {
        "ETH": 0.83, "WSTETH": 0.81, "WBTC": 0.78, "LINK": 0.68,
        "USDC": 0.80, "DAI": 0.80, "USDT": 0.76,
    }
    compound = {"ETH": 0.825, "WBTC": 0.70, "LINK": 0.79, "USDC": 0.855, "DAI": 0.835}
    at_compound = {asset: collaterals[asset] for asset in compound}
    at_compound["ETH"] = collaterals["ETH"] + collaterals["WSTETH"]
    morpho = {"WSTETH": 0.86, "WBTC": 0.86}
    dollars = {"USDC": 0.6, "DAI": 0.15, "USDT": 0.25}
    groups = (
        (1000, LendingVenue("aave-v3", aave, collaterals, debts)),
        (700, LendingVenue("compound-v2", compound, at_compound, debts)),
        (220, LendingVenue("morpho-blue", morpho, {"WSTETH": 0.6, "WBTC": 0.4}, dollars, 1)),
        (80, LendingVenue("morpho-blue-eth", {"WSTETH": 0.945}, {"WSTETH": 1.0}, {"ETH": 1.0}, 1)),
    )
    draws = Draws(20231031)
    for n_accounts, venue in groups:
        for idx in range(n_accounts):
            name = f"{venue.name}-{idx + 1}"
            for leg in lending_account(draws, venue, prices):
                yield (name, venue.name, *leg)


def compound_v2_book():
    """500 accounts over the 17 assets of Compound v2, same shape; every asset is owed by someone.

    Weights of the assets are their shares of the legs of the book of 8-9 May 2023, prices and
    thresholds those of compound-v2.toml; source: rtuchman/compound-risk-optimization (Apache-2.0).
    """
    # Asset: price, threshold, legs as collateral, legs as debt.
    table = {
        "AAVE": (66.27071823, 0.73, 152, 77), "BAT": (0.2430939227, 0.65, 662, 539),
        "COMP": (37.39779006, 0.65, 698, 121), "DAI": (1.003683241, 0.835, 2071, 2887),
        "ETH": (1841.620626, 0.825, 4746, 1380), "FEI": (1.465930018, 0.0, 0, 16),
        "LINK": (6.650092081, 0.79, 229, 133), "REP": (8.517495396, 0.0, 0, 144),
        "SUSHI": (0.9373848987, 0.73, 133, 101), "TUSD": (1.009208103, 0.0, 0, 131),
        "UNI": (5.057090239, 0.75, 605, 186), "USDC": (1.001841621, 0.855, 1582, 2352),
        "USDP": (1.073664825, 0.0, 0, 27), "USDT": (1.0, 0.0, 0, 1450),
        "WBTC": (27722.57827, 0.7, 979, 447), "YFI": (9271.344383, 0.78, 30, 40),
        "ZRX": (0.226519337, 0.65, 349, 289),
    }
    prices = {asset: row[0] for asset, row in table.items()}
    thresholds = {asset: row[1] for asset, row in table.items()}
    collaterals = {asset: row[2] for asset, row in table.items() if row[2]}
    debts = {asset: row[3] for asset, row in table.items()}
    venue = LendingVenue("compound-v2", thresholds, collaterals, debts)
    assets = list(table)
    draws = Draws(20230508)
    for idx in range(500):
        owed = assets[idx : idx + 1]
        for leg in lending_account(draws, venue, prices, owed):
            yield (f"{idx + 1}", venue.name, *leg)


def reference_book():
    """300 accounts after the generator of workload W: loops, shorts, single and mixed books."""
    assets = ("ETH", "BTC", "STETH", "USD")
    prices = (3000.0, 60000.0, 2985.0, 1.0)
    thresholds = (0.88, 0.85, 0.87, 0.90)
    draws = Draws(20240805)

    def all_of(idx):
        return [1.0 if other == idx else 0.0 for other in range(4)]

    def mixed(shapes):
        shares = [share if share >= 0.05 else 0.0 for share in draws.dirichlet(shapes)]
        return [share / sum(shares) for share in shares]

    for idx in range(300):
        kind = draws.uniform()
        collateral_usd = math.exp(draws.normal(10.8, 1.6))
        health = 1.05 + draws.exponential(0.60)
        if kind < 0.45:  # one volatile collateral, stable debt
            owned, owed = all_of(draws.choice({0: 0.45, 1: 0.25, 2: 0.30})), all_of(3)
        elif kind < 0.62:  # staked ETH against ETH, at high leverage
            owned, owed = all_of(2), all_of(0)
            health = 1.02 + draws.exponential(0.12)
        elif kind < 0.72:  # short: dollars against a volatile debt
            owned, owed = all_of(3), all_of(draws.choice({0: 0.5, 1: 0.5}))
        else:
            owned, owed = mixed((0.8, 0.8, 0.8, 0.5)), mixed((0.5, 0.4, 0.2, 2.0))
        debt_usd = collateral_usd * sum(s * t for s, t in zip(owned, thresholds)) / health
        for leg_kind, shares, usd in (
            ("collateral", owned, collateral_usd),
            ("debt", owed, debt_usd),
        ):
            for asset, share, price in zip(assets, shares, prices):
                if share > 0.0:
                    yield (f"{idx + 1}", "reference", leg_kind, asset, share * usd / price)


# ---------------------------------------------------------------- a book that feeds on itself

# Health factors at opening of the book of a spiral: as `HEALTH_KNOTS`, but from 1.03 up and with a
# shorter tail; those of loops, which live near the edge.
SPIRAL_HEALTH_KNOTS = ((0.0, 1.03), (0.2, 1.2), (0.45, 1.6), (0.75, 2.3), (1.0, 6.0))
LOOP_HEALTH_KNOTS = ((0.0, 1.03), (0.5, 1.09), (0.9, 1.2), (1.0, 1.5))
# The largest debt of an account in USD, so that no spiral hangs on one account.
MOST_SPIRAL_DEBT_USD = 1e7


def spiral_book():
    """300 accounts at one Aave v3 venue: borrowers of dollars, and loops of wstETH against ETH.

    Debt is log-normal around 120,000 USD, its tail cut at 10 million; kinds, weights and health
    factors are assumptions. Prices and thresholds are those of
    spiral.toml and oracle-lag.toml.
    """
    prices = {"ETH": 1816.854996, "WSTETH": 2080.524895, "USDC": 0.99997427}
    thresholds = {"ETH": 0.83, "WSTETH": 0.81}
    # Kind: weight, collaterals, debt.
    kinds = {
        "eth": (0.40, ("ETH",), "USDC"),
        "wsteth": (0.24, ("WSTETH",), "USDC"),
        "mixed": (0.11, ("ETH", "WSTETH"), "USDC"),
        "loop": (0.25, ("WSTETH",), "ETH"),
    }
    weights = {kind: row[0] for kind, row in kinds.items()}
    draws = Draws(20220613)
    for idx in range(300):
        kind = draws.choice(weights)
        _, collaterals, debt = kinds[kind]
        debt_usd = min(math.exp(draws.normal(11.7, 1.8)), MOST_SPIRAL_DEBT_USD)
        health = draws.quantile(LOOP_HEALTH_KNOTS if kind == "loop" else SPIRAL_HEALTH_KNOTS)
        shares = draws.dirichlet([1.0] * len(collaterals))
        counted = sum(s * thresholds[asset] for s, asset in zip(shares, collaterals))
        collateral_usd = health * debt_usd / counted
        name = f"{kind}-{idx + 1}"
        for share, asset in zip(shares, collaterals):
            amount = share * collateral_usd / prices[asset]
            yield (name, "aave-v3", "collateral", asset, amount)
        yield (name, "aave-v3", "debt", debt, debt_usd / prices[debt])


# ---------------------------------------------------------------- perpetuals

PERP_PRICES = {"BTC": 115468.5, "ETH": 4449.36, "SOL": 236.95}
# Highest leverage that an account takes: the markets' own limits, 40 at most.
MOST_LEVERAGE = {"BTC": 40.0, "ETH": 25.0, "SOL": 20.0}
# Up to this notional an account may take that leverage, above it a tenth of it. No real
# venue is so coarse; it keeps every account above its maintenance margin at opening.
MOST_NOTIONAL_AT_LEVERAGE_USD = 3e6


def perp(draws, price, notional_usd, leverage):
    """A perp and the margin that its account brings for it, USD.

    Its profit so far, between half its equity lost and half gained, is in the entry price.
    """
    side = 1.0 if draws.uniform() < 0.55 else -1.0
    size = side * notional_usd / price
    equity_usd = notional_usd / leverage
    profit_usd = equity_usd * draws.uniform(-0.5, 0.5)
    return size, price - profit_usd / size, equity_usd - profit_usd


def perpetual_book():
    """600 isolated and 400 cross accounts, 2x to 40x, notional log-normal around 22,000 USD.

    No venue publishes its accounts: the shape is an assumption.
    """
    weights = {"BTC": 0.5, "ETH": 0.3, "SOL": 0.2}
    draws = Draws(20250919)
    for venue, n_accounts, n_perps in (
        ("binance-like", 600, {1: 1.0}),
        ("hyperliquid-like", 400, {1: 0.5, 2: 0.3, 3: 0.2}),
    ):
        for idx in range(n_accounts):
            name = f"{venue}-{idx + 1}"
            margin_usd, perps = 0.0, []
            # An account is as bold in one market as in the next.
            boldness = draws.uniform()
            for asset in draws.choices(weights, draws.choice(n_perps)):
                notional_usd = min(math.exp(draws.normal(10.0, 2.0)), 5e7)
                most = MOST_LEVERAGE[asset]
                if notional_usd > MOST_NOTIONAL_AT_LEVERAGE_USD:
                    most = max(2.0, most / 10.0)
                leverage = 2.0 * (most / 2.0) ** boldness
                size, entry_price, brought_usd = perp(draws, PERP_PRICES[asset], notional_usd, leverage)
                margin_usd += brought_usd
                perps.append((name, venue, "perp", asset, size, entry_price))
            yield (name, venue, "collateral", "USDC", margin_usd, None)
            yield from perps


# Closes of the first half hour of spring-2022_prices.csv.gz.
SPRING_PRICES = {"ETH": 2583.08, "BTC": 39495.9}


def spring_2022_book():
    """250 isolated accounts, 2x to 25x, notional log-normal around 22,000 USD, 1 million at most.

    As with `perpetual_book`, the shape is an assumption.
    """
    weights = {"ETH": 0.5, "BTC": 0.5}
    draws = Draws(20220315)
    for idx in range(250):
        name = f"{idx + 1}"
        asset = draws.choice(weights)
        notional_usd = min(math.exp(draws.normal(10.0, 2.0)), 1e6)
        leverage = 2.0 * 12.5 ** draws.uniform()
        size, entry_price, margin_usd = perp(draws, SPRING_PRICES[asset], notional_usd, leverage)
        yield (name, "isolated", "collateral", "USDC", margin_usd, None)
        yield (name, "isolated", "perp", asset, size, entry_price)


# ---------------------------------------------------------------- files

BOOKS = {
    "lending_book.csv.gz": (HEADER, lending_book),
    "compound_v2_book.csv.gz": (HEADER, compound_v2_book),
    "reference_book.csv": (HEADER, reference_book),
    "spiral_book.csv": (HEADER, spiral_book),
    "perpetual_book.csv": ((*HEADER, "entry_price"), perpetual_book),
    "spring-2022_book.csv": ((*HEADER, "entry_price"), spring_2022_book),
}


def written(field):
    """A field as text: numbers in plain decimals of 8 significant digits, `None` as nothing."""
    if isinstance(field, float):
        return format(Decimal(f"{field:.{DIGITS}g}"), "f")
    return "" if field is None else field


def text_of(header, rows):
    """A book as the bytes of its CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([written(field) for field in row] for row in rows)
    return out.getvalue().encode()


def is_as(path, text):
    """Whether a file holds a book; of a gzip, what it unpacks to."""
    try:
        stored = path.read_bytes()
        return (gzip.decompress(stored) if path.suffix == ".gz" else stored) == text
    except (OSError, EOFError, zlib.error) as error:
        print(f"{path.name}: {error}", file=sys.stderr)
        return False


def main(arguments):
    """Writes or checks all books; the exit code."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    n_different = 0
    for name, (header, rows) in BOOKS.items():
        path = Path(__file__).resolve().parent / name
        text = text_of(header, rows())
        if arguments:
            if not is_as(path, text):
                print(f"{name} is not what make_books.py writes", file=sys.stderr)
                n_different += 1
        elif path.suffix == ".gz":
            path.write_bytes(gzip.compress(text, 9, mtime=0))
        else:
            path.write_bytes(text)
    return 1 if n_different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
