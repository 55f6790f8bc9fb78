-- optional: left empty where there is no such table.
select * replace (cast(account_id as varchar) as account_id) from accounts
