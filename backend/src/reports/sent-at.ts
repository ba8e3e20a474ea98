/** When the message `m` left; what the provider refused at once was handed over, but never sent. */
export const SENT_AT = `case when m.state <> 'failed' or m.provider_id is not null then m.sent_at end`;
