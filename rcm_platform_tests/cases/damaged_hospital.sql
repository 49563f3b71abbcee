-- what a hospital's database really holds: visits of clinicians, patients and departments on no list,
-- visits without a date, money and work of visits that nobody knows, staff without a list, a
-- journal row of a kind that nobody listed, one of the year 2061, and a visit and a charge of 2205
insert into encounters values
    ('E2', 'P1', '2025-03-02', 'Office', 'D9', 'DEP1', '99213', '2025-03-02 10:00', '2025-03-02 10:00'),
    ('E3', 'P1', null, 'Office', 'D1', 'DEP1', '99213', '2025-03-02 10:00', '2025-03-02 10:00'),
    ('E4', 'P2', '1753-01-01', 'Office', 'D1', 'DEP1', '99213', '2025-03-02 10:00', '2025-03-02 10:00'),
    ('E5', 'P77', '2025-03-02', 'Office', 'D1', 'DEP9', '99213', '2025-03-02 10:00', '2025-03-02 10:00'),
    ('E6', 'P2', '2025-03-02', 'Office', null, null, null, '2025-03-02 10:00', '2025-03-02 10:00');
insert into procedures values
    ('PR2', 'E404', '99213', null, 1, 1.30, '2025-03-02 10:30'),
    ('PR3', 'E3', '99213', null, 1, 1.30, '2025-03-02 10:30'),
    ('PR4', 'E5', '99213', null, 1, 1.30, '2025-03-02 10:30');
insert into transactions
select 'X' || n, visit, patient, clinician, 'DEP1', day, day, null, 'Office', amount, 'Charge', null,
    claim, 'PAY1', '99213', 'I10', 'Commercial', null, null, timestamp '2025-03-02',
    timestamp '2025-03-02'
from (values
    (1, 'E2', 'P1', 'D9', date '2025-03-02', 30, 'C2'),
    (2, 'E3', 'P1', 'D1', null, 40, 'C3'),
    (3, 'E4', 'P2', 'D1', date '1753-01-01', 50, 'C4'),
    (4, 'E5', 'P77', 'D1', date '2025-03-02', 60, 'C5'),
    (5, 'E404', 'P1', 'D1', date '2025-03-02', 100, 'C6'),
    (6, null, 'P1', null, date '2025-03-02', 7, null)
) as charges (n, visit, patient, clinician, day, amount, claim);
insert into transactions values
    ('X7', 'E1', 'P1', 'D1', 'DEP1', '2025-03-01', '2025-03-01', '2025-03-20', 'Office', 90.00,
        'Insurance Payment', 90.00, 'C1', 'PAY1', null, null, 'Commercial', null, null,
        '2025-03-02', '2025-03-21'),
    ('X8', 'E1', 'P1', 'D1', 'DEP1', '2025-03-01', '2025-03-01', null, 'Office', 20.00, 'Charge',
        null, 'C1', 'PAY1', '36415', 'I10', 'Commercial', null, null, '2025-03-02',
        '2061-01-01');
insert into encounters values
    ('E7', 'P2', '2205-03-02', 'Office', 'D1', 'DEP1', null, '2025-03-02 10:00', '2025-03-02 10:00');
insert into transactions values
    ('X9', 'E7', 'P2', 'D1', 'DEP1', '2205-03-02', '2205-03-02', null, 'Office', 8.00, 'Charge',
        null, 'C7', 'PAY1', '36415', 'I10', 'Commercial', null, null, '2025-03-02', '2025-03-02');
insert into diagnoses values ('DX2', 'E404', 'I10', 1, '2025-03-02 07:00');
insert into appointments values
    ('AP9', 'P77', 'D9', 'DEP9', '2025-02-20', null, 'Office', 'Lost', 'E404', '2025-03-01 10:00');
insert into eligibility_checks values
    ('CK9', 'P77', 'E404', 'AP9', 'PAY9', null, 'Odd', '2025-02-28 06:00');
insert into authorizations values
    ('AU9', 'P77', 'E404', 'PAY9', '99213', null, null, 'Odd', 'A-78', '2025-02-24 12:00');
insert into work_log values
    ('W9', 'S9', null, 'Odd', 'E404', 'C404', 12, '2025-03-02 07:00');
insert into encounter_status values
    ('E404', null, 'Odd', null, null, '2025-03-02 07:00');
delete from staff;
