"""How a payment reaches the bank, and from which day on the bank tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rcm_platform.world.support.rng import Flags, Ints

if TYPE_CHECKING:
    from rcm_platform.world.model import World

#: By transfer under its own number, by a virtual card less a fee, or in a check of a lockbox.
TRANSFER, CARD, CHECK = range(3)
CARD_DEPOSITS, LOCKBOX_DEPOSITS = "CARD SETTLEMENT", "LOCKBOX"
#: What a card processor keeps, per mille.
_CARD_FEE = 29
#: Cents; a fee of less is none.
_LEAST_ON_CARD = 1000


def ways(world: World) -> Ints:
    """Per payment: the way on which it comes."""
    pays = world.payments
    key = pays.hospital, pays.payer, pays.payment_day
    is_card = world.faults.planted("card_payment", world.draws, *key)
    is_card &= pays.amount >= _LEAST_ON_CARD
    # all that a hospital gets on one day, so that a lockbox holds several checks
    box = pays.hospital, pays.deposit_day
    is_check = world.faults.planted("lockbox_deposit", world.draws, *box) & (pays.amount > 0)
    return np.where(is_card, CARD, np.where(is_check, CHECK, TRANSFER))


def received(world: World) -> Ints:
    """What ever reaches the bank of each payment; 0 is nothing."""
    pays, way = world.payments, ways(world)
    key = (pays.hospital, pays.payer, pays.payment_day)
    never = world.faults.planted("missing_deposit", world.draws, *key)
    short = world.faults.planted("deposit_short", world.draws, *key) & (way == TRANSFER)
    amount = np.where(short, pays.amount - np.maximum(pays.amount // 20, 1), pays.amount)
    amount = np.where(way == CARD, amount - amount * _CARD_FEE // 1000, amount)
    return np.where(never, 0, amount)


def feed_start(world: World) -> Ints:
    """Per hospital: the day before which the bank's files say nothing."""
    offsets = world.parameters.facilities.ints("bank_feed_day_offset", 0, 3660)
    is_late = bool(world.faults.per_million("late_bank_feed")) & (offsets > 0)
    return np.where(is_late, world.start_day + offsets, 0)


def is_told(world: World) -> Flags:
    """Per payment: its deposit would come on a day of the bank's files."""
    pays = world.payments
    return pays.deposit_day >= feed_start(world)[pays.hospital]


def is_unnumbered(world: World) -> Flags:
    """Per payment: the bank's files tell its deposit without a number."""
    pays = world.payments
    key = pays.hospital, pays.payer, pays.payment_day
    planted = world.faults.planted("unnumbered_deposit", world.draws, *key)
    is_whole = (received(world) == pays.amount) & (pays.amount > 0)
    return planted & is_whole & (ways(world) == TRANSFER)


def named_amounts(world: World) -> Ints:
    """Per payment: what the bank's files have of it under its own number and payer."""
    is_named = (ways(world) == TRANSFER) & is_told(world)
    return np.where(is_named, received(world), 0)
