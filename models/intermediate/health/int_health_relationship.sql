with

interaction_versions as (
    select * from {{ ref('int_interaction_versions') }}
),

health_dates as (
    select * from {{ ref('int_health_dates') }}
),

commercial as (
    select * from {{ ref('int_health_commercial') }}
),

settings as (
    select {{ threshold('health_relationship_days') }} as relationship_days
),

-- A note is written for colleagues; the customer took no part in it. Replies in cases are not counted either: service
-- holds those cases against the account, and answering them would give back what they take.
contacts as (
    select
        interaction_versions.account_id,
        cast(interaction_versions.occurred_at as date) as happened_on,
        {{ plus_days('cast(interaction_versions.occurred_at as date)', 'settings.relationship_days') }}
            as leaves_window_on,
        coalesce(cast(interaction_versions.known_at as date), cast('1900-01-01' as date)) as known_on,
        cast(interaction_versions.valid_from as date) as known_from_on,
        cast(interaction_versions.valid_to as date) as known_until
    from interaction_versions
    cross join settings
    where
        not interaction_versions.is_deleted
        and coalesce(lower(interaction_versions.kind), 'unknown') <> 'note'
),

counted as (
    select
        contacts.account_id,
        health_dates.as_of_date,
        count(*) as interactions,
        max(contacts.known_on) as known_on
    from contacts
    inner join health_dates
        on
            contacts.happened_on <= health_dates.as_of_date
            and contacts.leaves_window_on > health_dates.as_of_date
            and contacts.known_from_on <= health_dates.as_of_date
            and contacts.known_until > health_dates.as_of_date
    where contacts.account_id is not null
    group by contacts.account_id, health_dates.as_of_date
),

-- Without any contact with anybody by then, contact is not written down anywhere that we can see.
first_contacts as (
    select
        min(happened_on) as first_contact_on,
        min(greatest(happened_on, known_on)) as first_known_on
    from contacts
),

measured as (
    select
        commercial.account_id,
        commercial.as_of_date,
        cast(coalesce(counted.interactions, 0) as double) as measure,
        greatest(first_contacts.first_known_on, counted.known_on) as known_on
    from commercial
    inner join first_contacts
        on commercial.as_of_date >= first_contacts.first_contact_on
    left join counted
        on
            commercial.account_id = counted.account_id
            and commercial.as_of_date = counted.as_of_date
)

select * from measured
