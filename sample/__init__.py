"""The sample company: an invented software firm's exports, in its vendors' own formats.

    python -m sample --out landing --accounts 2500 --seed 7           three years, 2023-07-01 … 2026-06-30
    python -m sample --out landing --days-after 3                     what the three days after that export
    python -m sample --out landing --dirty                            the base export, and damaged files beside it

The same arguments give the same bytes. The files of a company:

    salesforce/{account,contact,opportunity,subscription,order,task,event,user}/*.csv    Data Loader CSV
    zendesk/{tickets,users,organizations,groups,satisfaction_ratings}/*.json, *.ndjson   export pages, a page a line
    zendesk/ticket_audits/*.ndjson                                                       an audit a line
    qualtrics/responses/*.csv                                                            three header rows
    generic/{usage,interactions,self_service_events,agents,survey_responses}/*.csv       Evergreen's own form

How it comes about: a company is simulated in chunks of accounts, with a stream of random numbers for each chunk and
purpose, to the last day that can ever be exported. An export is a window on that world: it shows the things that
changed within the window, as they were known at its end. So a day's export depends neither on how many days are asked
for nor on the clock.

    settings       what the company sells, to whom, in which words, and when: edit this to change its character
    accounts       accounts, their versions, contacts, and the hidden satisfaction
    contracts      subscriptions month by month: terms, renewals, changes, cancellations, win-backs
    sales          opportunities and orders
    engagement     usage, interactions, self-service
    service        tickets and their audits
    voice          survey responses
    people         agents: how content they are, how good their work is
    world          all of it together, and windows on it
    salesforce · zendesk · qualtrics · generic      the formats
    damage         files that are wrong, and what is to become of each: `damages()` is the manifest
    draws · text · landing    random choices; columns of text without loops; files that appear whole or not at all

The cause behind the numbers is each account's satisfaction (`accounts.hidden_satisfaction`): it drives how much is
used, how often people call and how content they say they are, and whether they renew. It is in no export;
`--truth FILE` writes it.
"""
