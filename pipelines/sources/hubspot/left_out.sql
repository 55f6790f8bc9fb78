-- What is read and is no touch, by its last version; and calls whose outcome is the company's own and not mapped yet.
with last_version as (
  select * from engagements qualify row_number() over (partition by type, id order by changed_at desc) = 1
),
reasons as (
  select case
    when deals_ids is null then rtrim(type, 's') || ' of no deal'
    when type = 'tasks' and coalesce(hs_task_status <> 'COMPLETED', true) then 'task not finished'
    when type = 'meetings' and hs_meeting_outcome in ('CANCELED', 'RESCHEDULED') then 'meeting called off'
    when type = 'emails' and hs_email_status in ('SCHEDULED', 'SENDING', 'FAILED') then 'e-mail not sent'
    when type = 'calls' and hs_call_disposition is not null and hs_call_disposition not in (
      'f240bbac-87c9-4f6e-bf70-924b57d47db7', 'b2cf5968-551e-4856-9783-52b3da59a7d0',
      'a4c4c377-d246-4b32-a13b-75a56a4cd0ff', '73a0d17f-1163-4015-bdd5-ec830791da20',
      '9d9162e7-6cf3-4944-bf63-4dff82258764', '17b47fee-58de-441e-a44c-c6300d46f273')
      then 'kept without result: call outcome ' || hs_call_disposition
  end as reason
  from last_version
)
select 'touches' as "table", reason, count(*) as rows from reasons where reason is not null group by reason
