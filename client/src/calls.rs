//! Every call with one answer: one line each. A request message knows its answer, so `client.call(request)` and the
//! methods are the same thing.
use crate::{client::Client, error::Error, logic::Target};
use kindred_proto::messages::v1::{self, *};
use std::time::Duration;

mod sealed {
    pub trait Sealed {}
}

/// A request that has exactly one answer. Implemented by the request messages of [`kindred_proto::messages::v1`].
pub trait Call: sealed::Sealed + prost::Message + Clone + 'static {
    /// The answer.
    type Answer: prost::Message + Default + 'static;
    /// The method's path.
    const PATH: &'static str;
    /// Whose leader is best asked.
    #[doc(hidden)]
    fn target(&self) -> Target;
    /// The request's id, for writes.
    #[doc(hidden)]
    fn request_id(&mut self) -> Option<&mut String>;
    /// Whether the server waits for something to happen, for as long as it is given.
    #[doc(hidden)]
    fn is_patient(&self) -> bool;
}

macro_rules! parts {
    (write $target:ident) => { parts!(@write $target false); };
    // Membership changes and hand-overs wait for a machine, or for a replica to catch up.
    (wait $target:ident) => { parts!(@write $target true); };
    (@write $target:ident $patient:literal) => {
        fn target(&self) -> Target {
            Target::$target
        }
        fn request_id(&mut self) -> Option<&mut String> {
            Some(&mut self.request_id)
        }
        fn is_patient(&self) -> bool {
            $patient
        }
    };
    (read $target:ident) => {
        fn target(&self) -> Target {
            if self.read_mode() == v1::ReadMode::Stale { Target::Anyone } else { Target::$target }
        }
        fn request_id(&mut self) -> Option<&mut String> {
            None
        }
        fn is_patient(&self) -> bool {
            false
        }
    };
}

macro_rules! calls {
    ($($(#[$doc:meta])* $kind:ident $target:ident $method:ident($request:ident) -> $answer:ident, $path:literal;)*) => {
        $(
            impl sealed::Sealed for $request {}
            impl Call for $request {
                type Answer = $answer;
                const PATH: &'static str = $path;
                parts!($kind $target);
            }
        )*
        impl Client {
            $(
                $(#[$doc])*
                pub async fn $method(&self, request: $request) -> Result<$answer, Error> {
                    self.call(request).await
                }
            )*
        }
    };
}

impl Client {
    /// Calls, within the client's timeout. A write without a `request_id` gets one of version 7; all attempts carry it.
    pub async fn call<Q: Call>(&self, request: Q) -> Result<Q::Answer, Error> {
        self.call_within(request, self.timeout()).await
    }

    /// Calls, within this time for all attempts together.
    pub async fn call_within<Q: Call>(&self, mut request: Q, timeout: Duration) -> Result<Q::Answer, Error> {
        if let Some(id) = request.request_id()
            && id.is_empty()
        {
            *id = crate::new_request_id();
        }
        self.transport().unary(request.target(), Q::PATH, request.is_patient(), request, timeout).await
    }
}

calls! {
    // InteractionService
    /// Submits an interaction. It is QUEUED at once.
    write Tenant create_interaction(CreateInteractionRequest) -> CreateInteractionResponse, "/kindred.v1.InteractionService/CreateInteraction";
    /// Reads one interaction, open or closed and still retained.
    read Tenant get_interaction(GetInteractionRequest) -> GetInteractionResponse, "/kindred.v1.InteractionService/GetInteraction";
    /// Lists interactions in the order of their names.
    read Tenant list_interactions(ListInteractionsRequest) -> ListInteractionsResponse, "/kindred.v1.InteractionService/ListInteractions";
    /// Changes user-written fields; what waits is re-evaluated and keeps its age.
    write Tenant update_interaction(UpdateInteractionRequest) -> UpdateInteractionResponse, "/kindred.v1.InteractionService/UpdateInteraction";
    /// The platform withdraws the interaction: CLOSED with CANCELLED, DEFLECTED or SPAM.
    write Tenant cancel_interaction(CancelInteractionRequest) -> CancelInteractionResponse, "/kindred.v1.InteractionService/CancelInteraction";
    /// The customer left before being served: CLOSED with ABANDONED.
    write Tenant abandon_interaction(AbandonInteractionRequest) -> AbandonInteractionResponse, "/kindred.v1.InteractionService/AbandonInteraction";
    /// The agent takes the offer: a compare-and-set on (interaction, offer). The assignment is CONNECTING.
    write Tenant accept_offer(AcceptOfferRequest) -> AcceptOfferResponse, "/kindred.v1.InteractionService/AcceptOffer";
    /// The agent declines; the interaction is not offered to that agent for 60 s.
    write Tenant decline_offer(DeclineOfferRequest) -> DeclineOfferResponse, "/kindred.v1.InteractionService/DeclineOffer";
    /// Agent and customer are connected: the assignment is ACTIVE. With RING_IS_OFFER also the acceptance.
    write Tenant report_connected(ReportConnectedRequest) -> ReportConnectedResponse, "/kindred.v1.InteractionService/ReportConnected";
    /// The platform could not connect the agent; the cause decides what follows.
    write Tenant report_connect_failed(ReportConnectFailedRequest) -> ReportConnectFailedResponse, "/kindred.v1.InteractionService/ReportConnectFailed";
    /// ACTIVE to HELD. Costs all its capacity still.
    write Tenant hold_assignment(HoldAssignmentRequest) -> HoldAssignmentResponse, "/kindred.v1.InteractionService/HoldAssignment";
    /// HELD to ACTIVE.
    write Tenant retrieve_assignment(RetrieveAssignmentRequest) -> RetrieveAssignmentResponse, "/kindred.v1.InteractionService/RetrieveAssignment";
    /// The same agent serves the customer on one more channel; no requeue, capacity is rechecked.
    write Tenant add_channel(AddChannelRequest) -> AddChannelResponse, "/kindred.v1.InteractionService/AddChannel";
    /// Blind transfer to a queue or an agent: the agent goes to wrap-up, the interaction waits with its age.
    write Tenant transfer_interaction(TransferInteractionRequest) -> TransferInteractionResponse, "/kindred.v1.InteractionService/TransferInteraction";
    /// Ends an agent's part without ending the contact: the agent goes to wrap-up, the interaction is requeued.
    write Tenant end_assignment(EndAssignmentRequest) -> EndAssignmentResponse, "/kindred.v1.InteractionService/EndAssignment";
    /// Ends the agent's after-work before its deadline.
    write Tenant complete_wrap_up(CompleteWrapUpRequest) -> CompleteWrapUpResponse, "/kindred.v1.InteractionService/CompleteWrapUp";
    /// The contact is over: the interaction is CLOSED with COMPLETED, the agent goes to wrap-up.
    write Tenant complete_interaction(CompleteInteractionRequest) -> CompleteInteractionResponse, "/kindred.v1.InteractionService/CompleteInteraction";
    /// Customer or agent wrote. Wakes a DORMANT interaction, or makes it DORMANT when the agent says so.
    write Tenant record_activity(RecordActivityRequest) -> RecordActivityResponse, "/kindred.v1.InteractionService/RecordActivity";
    // AgentService
    /// Adds an agent; OFFLINE at first.
    write Tenant create_agent(CreateAgentRequest) -> CreateAgentResponse, "/kindred.v1.AgentService/CreateAgent";
    /// Reads one agent.
    read Tenant get_agent(GetAgentRequest) -> GetAgentResponse, "/kindred.v1.AgentService/GetAgent";
    /// Lists agents in the order of their names.
    read Tenant list_agents(ListAgentsRequest) -> ListAgentsResponse, "/kindred.v1.AgentService/ListAgents";
    /// Changes user-written fields.
    write Tenant update_agent(UpdateAgentRequest) -> UpdateAgentResponse, "/kindred.v1.AgentService/UpdateAgent";
    /// Removes an agent that has no work.
    write Tenant delete_agent(DeleteAgentRequest) -> DeleteAgentResponse, "/kindred.v1.AgentService/DeleteAgent";
    /// Changes up to 1000 agents, all or none.
    write Tenant batch_update_agents(BatchUpdateAgentsRequest) -> BatchUpdateAgentsResponse, "/kindred.v1.AgentService/BatchUpdateAgents";
    /// An agent says where they are.
    write Tenant set_presence(SetPresenceRequest) -> SetPresenceResponse, "/kindred.v1.AgentService/SetPresence";
    /// Says the same for up to 1000 agents, all or none, with an optional expiry.
    write Tenant batch_set_presence(BatchSetPresenceRequest) -> BatchSetPresenceResponse, "/kindred.v1.AgentService/BatchSetPresence";
    // QueueService
    /// Adds a queue.
    write Tenant create_queue(CreateQueueRequest) -> CreateQueueResponse, "/kindred.v1.QueueService/CreateQueue";
    /// Reads one queue.
    read Tenant get_queue(GetQueueRequest) -> GetQueueResponse, "/kindred.v1.QueueService/GetQueue";
    /// Lists queues in the order of their names.
    read Tenant list_queues(ListQueuesRequest) -> ListQueuesResponse, "/kindred.v1.QueueService/ListQueues";
    /// Changes a queue.
    write Tenant update_queue(UpdateQueueRequest) -> UpdateQueueResponse, "/kindred.v1.QueueService/UpdateQueue";
    /// Removes a queue that is empty and named by no routing profile.
    write Tenant delete_queue(DeleteQueueRequest) -> DeleteQueueResponse, "/kindred.v1.QueueService/DeleteQueue";
    /// Adds a team.
    write Tenant create_team(CreateTeamRequest) -> CreateTeamResponse, "/kindred.v1.QueueService/CreateTeam";
    /// Reads one team.
    read Tenant get_team(GetTeamRequest) -> GetTeamResponse, "/kindred.v1.QueueService/GetTeam";
    /// Lists teams in the order of their names.
    read Tenant list_teams(ListTeamsRequest) -> ListTeamsResponse, "/kindred.v1.QueueService/ListTeams";
    /// Changes a team.
    write Tenant update_team(UpdateTeamRequest) -> UpdateTeamResponse, "/kindred.v1.QueueService/UpdateTeam";
    /// Removes a team without agents.
    write Tenant delete_team(DeleteTeamRequest) -> DeleteTeamResponse, "/kindred.v1.QueueService/DeleteTeam";
    /// Adds a routing profile.
    write Tenant create_routing_profile(CreateRoutingProfileRequest) -> CreateRoutingProfileResponse, "/kindred.v1.QueueService/CreateRoutingProfile";
    /// Reads one routing profile.
    read Tenant get_routing_profile(GetRoutingProfileRequest) -> GetRoutingProfileResponse, "/kindred.v1.QueueService/GetRoutingProfile";
    /// Lists routing profiles in the order of their names.
    read Tenant list_routing_profiles(ListRoutingProfilesRequest) -> ListRoutingProfilesResponse, "/kindred.v1.QueueService/ListRoutingProfiles";
    /// Changes a routing profile.
    write Tenant update_routing_profile(UpdateRoutingProfileRequest) -> UpdateRoutingProfileResponse, "/kindred.v1.QueueService/UpdateRoutingProfile";
    /// Removes a routing profile without agents.
    write Tenant delete_routing_profile(DeleteRoutingProfileRequest) -> DeleteRoutingProfileResponse, "/kindred.v1.QueueService/DeleteRoutingProfile";
    // PolicyService
    /// Adds a policy with its first revision.
    write Tenant create_policy(CreatePolicyRequest) -> CreatePolicyResponse, "/kindred.v1.PolicyService/CreatePolicy";
    /// Reads one policy with its current revision.
    read Tenant get_policy(GetPolicyRequest) -> GetPolicyResponse, "/kindred.v1.PolicyService/GetPolicy";
    /// Lists policies in the order of their names.
    read Tenant list_policies(ListPoliciesRequest) -> ListPoliciesResponse, "/kindred.v1.PolicyService/ListPolicies";
    /// Adds a revision; what waits is re-evaluated and keeps its age.
    write Tenant update_policy(UpdatePolicyRequest) -> UpdatePolicyResponse, "/kindred.v1.PolicyService/UpdatePolicy";
    /// Removes a policy no queue uses.
    write Tenant delete_policy(DeletePolicyRequest) -> DeletePolicyResponse, "/kindred.v1.PolicyService/DeletePolicy";
    /// Lists the kept revisions of a policy, newest first.
    read Tenant list_policy_revisions(ListPolicyRevisionsRequest) -> ListPolicyRevisionsResponse, "/kindred.v1.PolicyService/ListPolicyRevisions";
    /// Makes a new revision with the rules of a kept one.
    write Tenant rollback_policy(RollbackPolicyRequest) -> RollbackPolicyResponse, "/kindred.v1.PolicyService/RollbackPolicy";
    // ScheduleService
    /// Adds hours of operation.
    write Tenant create_schedule(CreateScheduleRequest) -> CreateScheduleResponse, "/kindred.v1.ScheduleService/CreateSchedule";
    /// Reads one schedule.
    read Tenant get_schedule(GetScheduleRequest) -> GetScheduleResponse, "/kindred.v1.ScheduleService/GetSchedule";
    /// Lists schedules in the order of their names.
    read Tenant list_schedules(ListSchedulesRequest) -> ListSchedulesResponse, "/kindred.v1.ScheduleService/ListSchedules";
    /// Changes a schedule; its queues follow at once.
    write Tenant update_schedule(UpdateScheduleRequest) -> UpdateScheduleResponse, "/kindred.v1.ScheduleService/UpdateSchedule";
    /// Removes a schedule no queue follows.
    write Tenant delete_schedule(DeleteScheduleRequest) -> DeleteScheduleResponse, "/kindred.v1.ScheduleService/DeleteSchedule";
    /// Says when a schedule, kept or only thought of, is open in a time.
    read Tenant preview_schedule(PreviewScheduleRequest) -> PreviewScheduleResponse, "/kindred.v1.ScheduleService/PreviewSchedule";
    // ConnectorService
    /// Registers a connector, or takes a known one up again; the lease begins.
    write Tenant register_connector(RegisterConnectorRequest) -> RegisterConnectorResponse, "/kindred.v1.ConnectorService/RegisterConnector";
    /// Renews the lease.
    write Tenant heartbeat_connector(HeartbeatConnectorRequest) -> HeartbeatConnectorResponse, "/kindred.v1.ConnectorService/HeartbeatConnector";
    /// Says which of the connector's interactions are alive; the others are closed as LOST_MEDIA.
    write Tenant reconcile_connector(ReconcileConnectorRequest) -> ReconcileConnectorResponse, "/kindred.v1.ConnectorService/ReconcileConnector";
    /// Reads one connector.
    read Tenant get_connector(GetConnectorRequest) -> GetConnectorResponse, "/kindred.v1.ConnectorService/GetConnector";
    /// Lists connectors in the order of their names.
    read Tenant list_connectors(ListConnectorsRequest) -> ListConnectorsResponse, "/kindred.v1.ConnectorService/ListConnectors";
    /// Removes a connector without open interactions.
    write Tenant delete_connector(DeleteConnectorRequest) -> DeleteConnectorResponse, "/kindred.v1.ConnectorService/DeleteConnector";
    // SupervisorService
    /// Changes an open interaction's priority.
    write Tenant reprioritise_interaction(ReprioritiseInteractionRequest) -> ReprioritiseInteractionResponse, "/kindred.v1.SupervisorService/ReprioritiseInteraction";
    /// Lets an interaction wait in another queue.
    write Tenant move_interaction(MoveInteractionRequest) -> MoveInteractionResponse, "/kindred.v1.SupervisorService/MoveInteraction";
    /// Takes an interaction back into its queue.
    write Tenant pull_back_interaction(PullBackInteractionRequest) -> PullBackInteractionResponse, "/kindred.v1.SupervisorService/PullBackInteraction";
    /// Gives an interaction to a named agent.
    write Tenant reassign_interaction(ReassignInteractionRequest) -> ReassignInteractionResponse, "/kindred.v1.SupervisorService/ReassignInteraction";
    /// Says where agents are.
    write Tenant force_presence(ForcePresenceRequest) -> ForcePresenceResponse, "/kindred.v1.SupervisorService/ForcePresence";
    /// Ends forced presences.
    write Tenant lift_presence(LiftPresenceRequest) -> LiftPresenceResponse, "/kindred.v1.SupervisorService/LiftPresence";
    /// Lets agents finish what they have; nothing new is offered.
    write Tenant drain_agents(DrainAgentsRequest) -> DrainAgentsResponse, "/kindred.v1.SupervisorService/DrainAgents";
    /// Offers them what is new again.
    write Tenant undrain_agents(UndrainAgentsRequest) -> UndrainAgentsResponse, "/kindred.v1.SupervisorService/UndrainAgents";
    /// Lets nothing be offered from a queue.
    write Tenant pause_queue(PauseQueueRequest) -> PauseQueueResponse, "/kindred.v1.SupervisorService/PauseQueue";
    /// Lets a paused queue go on.
    write Tenant resume_queue(ResumeQueueRequest) -> ResumeQueueResponse, "/kindred.v1.SupervisorService/ResumeQueue";
    /// Lets a queue take nothing new.
    write Tenant drain_queue(DrainQueueRequest) -> DrainQueueResponse, "/kindred.v1.SupervisorService/DrainQueue";
    /// Lets it take what is new again.
    write Tenant undrain_queue(UndrainQueueRequest) -> UndrainQueueResponse, "/kindred.v1.SupervisorService/UndrainQueue";
    /// Changes many agents or interactions until a time.
    write Tenant start_adjustment(StartAdjustmentRequest) -> StartAdjustmentResponse, "/kindred.v1.SupervisorService/StartAdjustment";
    /// Puts everything of an adjustment back now.
    write Tenant end_adjustment(EndAdjustmentRequest) -> EndAdjustmentResponse, "/kindred.v1.SupervisorService/EndAdjustment";
    /// Reads one adjustment that stands.
    read Tenant get_adjustment(GetAdjustmentRequest) -> GetAdjustmentResponse, "/kindred.v1.SupervisorService/GetAdjustment";
    /// Lists the adjustments that stand, in the order of their names.
    read Tenant list_adjustments(ListAdjustmentsRequest) -> ListAdjustmentsResponse, "/kindred.v1.SupervisorService/ListAdjustments";
    // CustomerService
    /// Adds a customer.
    write Tenant create_customer(CreateCustomerRequest) -> CreateCustomerResponse, "/kindred.v1.CustomerService/CreateCustomer";
    /// Reads one customer.
    read Tenant get_customer(GetCustomerRequest) -> GetCustomerResponse, "/kindred.v1.CustomerService/GetCustomer";
    /// Lists customers in the order of their names.
    read Tenant list_customers(ListCustomersRequest) -> ListCustomersResponse, "/kindred.v1.CustomerService/ListCustomers";
    /// Changes a customer.
    write Tenant update_customer(UpdateCustomerRequest) -> UpdateCustomerResponse, "/kindred.v1.CustomerService/UpdateCustomer";
    /// Removes a customer's profile; interactions keep the name.
    write Tenant delete_customer(DeleteCustomerRequest) -> DeleteCustomerResponse, "/kindred.v1.CustomerService/DeleteCustomer";
    // ConversationService
    /// Reads one conversation.
    read Tenant get_conversation(GetConversationRequest) -> GetConversationResponse, "/kindred.v1.ConversationService/GetConversation";
    /// Lists conversations in the order of their names.
    read Tenant list_conversations(ListConversationsRequest) -> ListConversationsResponse, "/kindred.v1.ConversationService/ListConversations";
    /// Writes items; creates the conversation if it is new.
    write Tenant append_conversation(AppendConversationRequest) -> AppendConversationResponse, "/kindred.v1.ConversationService/AppendConversation";
    /// Lists a conversation's items in the order they were written.
    read Tenant list_conversation_items(ListConversationItemsRequest) -> ListConversationItemsResponse, "/kindred.v1.ConversationService/ListConversationItems";
    // EventService
    /// Lists kept events that match, oldest first.
    read Tenant list_events(ListEventsRequest) -> ListEventsResponse, "/kindred.v1.EventService/ListEvents";
    // ClusterService
    /// Nodes, shards, leaders and progress as the asked node sees them.
    read Cluster get_cluster_status(GetClusterStatusRequest) -> GetClusterStatusResponse, "/kindred.v1.ClusterService/GetClusterStatus";
    /// Adds a tenant and places it on a shard.
    write Cluster create_tenant(CreateTenantRequest) -> CreateTenantResponse, "/kindred.v1.ClusterService/CreateTenant";
    /// Reads one tenant.
    read Cluster get_tenant(GetTenantRequest) -> GetTenantResponse, "/kindred.v1.ClusterService/GetTenant";
    /// Lists tenants in the order of their names.
    read Cluster list_tenants(ListTenantsRequest) -> ListTenantsResponse, "/kindred.v1.ClusterService/ListTenants";
    /// Changes a tenant's settings.
    write Cluster update_tenant(UpdateTenantRequest) -> UpdateTenantResponse, "/kindred.v1.ClusterService/UpdateTenant";
    /// Removes a tenant without open interactions, and everything it holds.
    write Cluster delete_tenant(DeleteTenantRequest) -> DeleteTenantResponse, "/kindred.v1.ClusterService/DeleteTenant";
    /// Lists nodes, the removed ones too: a raft id is never used again.
    read Cluster list_nodes(ListNodesRequest) -> ListNodesResponse, "/kindred.v1.ClusterService/ListNodes";
    /// Adds a machine as a learner: it receives the log and does not vote.
    wait Cluster add_node(AddNodeRequest) -> AddNodeResponse, "/kindred.v1.ClusterService/AddNode";
    /// Makes a learner that has caught up a voter, in every shard.
    wait Cluster promote_node(PromoteNodeRequest) -> PromoteNodeResponse, "/kindred.v1.ClusterService/PromoteNode";
    /// Removes a node from every shard; its raft id is never used again.
    wait Cluster remove_node(RemoveNodeRequest) -> RemoveNodeResponse, "/kindred.v1.ClusterService/RemoveNode";
    /// Hands leadership to a voter.
    wait Cluster transfer_leadership(TransferLeadershipRequest) -> TransferLeadershipResponse, "/kindred.v1.ClusterService/TransferLeadership";
    /// Hands all leadership away and takes none until undrained.
    wait Cluster drain_node(DrainNodeRequest) -> DrainNodeResponse, "/kindred.v1.ClusterService/DrainNode";
}
