"""What payers decided at first, line by line, as CTEs for queries on the truth."""

#: Claims that a contract prices: it needs the units and modifiers of an 837, which may come after
#: the decision.
IS_PRICED = """payer_id in (select payer_id from '{truth}/payer_contracts.parquet')
    and first_submitted_date is not null"""

#: `first_decisions` (a claim or an interim bill each) and `first_lines` (a line each, as the 835
#: tells them).
FIRST_DECISIONS = """first_decisions as (
            select source_system, claim_id, kind, event_date, recorded_date
            from '{truth}/remit_claims.parquet' where kind not in ('reversal', 'secondary decision')
            qualify row_number() over (
                partition by source_system, claim_id,
                    case when kind = 'interim decision' then event_date end
                order by recorded_date, event_date
            ) = 1
        ),
        -- a claim that is denied as a whole comes without lines
        denied_whole as (
            select source_system, claim_id, event_date, recorded_date
            from '{truth}/denial_events.parquet' where line_id is null
        ),
        first_lines as (
            select * from '{truth}/remit_lines.parquet'
            semi join first_decisions
                using (source_system, claim_id, kind, event_date, recorded_date)
            anti join denied_whole using (source_system, claim_id, event_date, recorded_date)
        )"""
