"""A denial is judged for the claim, not for its lines one by one."""

from __future__ import annotations

from rcm_platform_tests.cases.conftest import Marts, dollars


def test_packaged_lines_of_a_stay_are_no_denials(marts: Marts) -> None:
    assert marts.claim("STAY-1") == dollars(charge=12000, paid=6500, contractual=5500)
    assert not marts.is_denied("STAY-1")


def test_a_line_that_is_told_by_its_revenue_code_keeps_it(marts: Marts) -> None:
    lines = marts.con.execute(
        """select revenue_code, procedure_code from marts.fct_claim_lines
        inner join marts.fct_claims using (claim_key) where fct_claims.claim_id = 'STAY-1'
        order by 1"""
    ).fetchall()
    assert lines == [("0120", None), ("0250", None), ("0300", None), ("0390", "P9016")]


def test_a_room_makes_a_stay_where_no_group_is_named(marts: Marts) -> None:
    assert marts.claim("DEN-PER-DIEM") == dollars(charge=5000, paid=2000, contractual=3000)
    assert not marts.is_denied("DEN-PER-DIEM")


def test_a_line_of_a_stay_can_be_denied_for_a_reason_of_its_own(marts: Marts) -> None:
    assert marts.claim("DEN-STAY-LINE") == dollars(
        charge=5000, paid=2600, contractual=1900, denied=500, open=500
    )
    assert marts.is_denied("DEN-STAY-LINE")


def test_a_stay_that_is_not_paid_is_denied(marts: Marts) -> None:
    assert marts.claim("DEN-STAY-ALL") == dollars(charge=5000, denied=5000, open=5000)


def test_a_bundled_line_of_a_visit_is_denied(marts: Marts) -> None:
    assert marts.claim("DEN-BUNDLED") == dollars(
        charge=300, paid=80, contractual=20, denied=200, open=200
    )


def test_what_one_line_denies_and_another_gives_back_is_no_denial(marts: Marts) -> None:
    assert marts.claim("DEN-OFFSET") == dollars(charge=300, paid=220, contractual=80)
    assert not marts.is_denied("DEN-OFFSET")
    [(events,)] = marts.con.execute(
        "select count(*) from marts.fct_denial_events where claim_id = 'DEN-OFFSET'"
    ).fetchall()
    assert events == 0


def test_one_line_may_be_paid_for_all(marts: Marts) -> None:
    assert marts.claim("DEN-ONE-LINE-PAYS") == dollars(charge=300, paid=300)
    assert not marts.is_denied("DEN-ONE-LINE-PAYS")


def test_more_is_open_or_denied_than_charged_only_where_a_finding_says_so(marts: Marts) -> None:
    unexplained = marts.con.execute(
        """select claim_id, charge_amount, denied_amount, open_amount from marts.fct_claims
        where (open_amount > charge_amount or denied_amount > greatest(
                charge_amount,
                -- of what was replaced since, more may have been charged and denied
                (select max(remits.charge_amount) from marts.fct_remittances as remits
                where remits.claim_key = fct_claims.claim_key)
            ))
            and claim_key not in (
                select claim_key from marts.mart_data_exceptions where rule_id = 'C12'
            )"""
    ).fetchall()
    assert unexplained == []
