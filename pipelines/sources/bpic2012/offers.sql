-- The log has no terms of an offer. What can be told apart is whether it is the first one or an improved one;
-- with the segment (the amount asked for) that gives the table of offers by segment.
select *
from (
  values
    ('loan_1', 'First loan offer', 'The offer made when the application is accepted.'),
    ('loan_2', 'Second loan offer', 'A changed offer, after the first one was not taken as it was.'),
    ('loan_3', 'Third or later loan offer', 'A further changed offer.')
) as o (offer_id, name, description)
