"""What the command lines and interfaces of clouds give: each document becomes machines with what it says of them."""

import json

import pytest
from tests.conftest import assets

from muniment import flows

AWS = {
    "Reservations": [
        {
            "OwnerId": "123456789012",
            "ReservationId": "r-1",
            "Instances": [
                {
                    "InstanceId": "i-0abcd1234ef567890",
                    "InstanceType": "m5.large",
                    "LaunchTime": "2026-01-05T10:00:00+00:00",
                    "PrivateIpAddress": "10.1.2.3",
                    "PrivateDnsName": "ip-10-1-2-3.ec2.internal",
                    "Placement": {"AvailabilityZone": "eu-west-1a", "Tenancy": "default"},
                    "State": {"Code": 16, "Name": "running"},
                    "Architecture": "x86_64",
                    "VpcId": "vpc-1",
                    "SubnetId": "subnet-1",
                    "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web"}],
                    "NetworkInterfaces": [{
                        "MacAddress": "0a:1b:2c:3d:4e:5f", "Status": "in-use", "Description": "",
                        "PrivateIpAddresses": [{"PrivateIpAddress": "10.1.2.3"}, {"PrivateIpAddress": "10.1.2.4"}],
                    }],
                    "Tags": [{"Key": "Name", "Value": "shop-web-1"}, {"Key": "Environment", "Value": "prod"}],
                }
            ],
        }
    ]
}  # fmt: skip
AZURE = {
    "count": 1,
    "data": [
        {
            "id": "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg1/providers"
            "/Microsoft.Compute/virtualMachines/shop-db-1",
            "name": "shop-db-1",
            "type": "microsoft.compute/virtualmachines",
            "location": "westeurope",
            "subscriptionId": "11111111-1111-1111-1111-111111111111",
            "properties": {
                "vmId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
                "hardwareProfile": {"vmSize": "Standard_D4s_v3"},
                "osProfile": {"computerName": "shopdb1"},
                "storageProfile": {"osDisk": {"osType": "Linux", "diskSizeGB": 64}},
                "networkProfile": {"networkInterfaces": [{"id": "/subscriptions/x/nic1"}]},
            },
            "tags": {"environment": "production"},
        }
    ],
}
GCP = [
    {
        "kind": "compute#instance",
        "id": "4242424242424242",
        "name": "shop-app-1",
        "machineType": "https://www.googleapis.com/compute/v1/projects/p/zones/europe-west1-b/machineTypes/n1-standard-2",
        "zone": "https://www.googleapis.com/compute/v1/projects/p/zones/europe-west1-b",
        "status": "RUNNING",
        "cpuPlatform": "Intel Broadwell",
        "creationTimestamp": "2025-11-01T01:02:03.000-07:00",
        "selfLink": "https://www.googleapis.com/compute/v1/projects/p/zones/europe-west1-b/instances/shop-app-1",
        "networkInterfaces": [
            {
                "network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/prod",
                "networkIP": "10.9.0.2",
                "accessConfigs": [{"natIP": "34.1.2.3", "type": "ONE_TO_ONE_NAT"}],
            }
        ],
        "labels": {"environment": "prod"},
    }
]
SERVICENOW = {
    "result": [
        {
            "sys_id": "9a0c0305e82c33019a0c0305e82c3301",
            "name": "shop-sap-1",
            "sys_class_name": "cmdb_ci_linux_server",
            "ip_address": "10.3.0.9",
            "assigned_to": {"display_value": "Ann Bell", "link": "https://x.service-now.com/api/now/table/sys_user/1"},
            "location": {"display_value": "Lyon", "value": "abc"},
        }
    ]
}


@pytest.mark.parametrize(
    ("document", "kind", "expected"),
    [
        (AWS, "aws", {
            "name": "shop-web-1", "cloud_id": ["i-0abcd1234ef567890"], "ip_address": ["10.1.2.3", "10.1.2.4"],
            "mac_address": ["0a:1b:2c:3d:4e:5f"], "instance_type": "m5.large", "power_state": "on",
            "availability_zone": "eu-west-1a", "cloud_account": "123456789012", "environment": "production",
            "security_group": ["web"], "network": ["vpc-1"], "subnet": ["subnet-1"],
        }),
        ([[AWS["Reservations"][0]["Instances"][0]]], "aws", {"cloud_id": ["i-0abcd1234ef567890"]}),
        (AZURE, "azure", {
            "name": "shop-db-1", "hostname": ["shopdb1"], "uuid": ["3f2504e0-4f89-41d3-9a0c-0305e82c3301"],
            "region": "westeurope", "instance_type": "Standard_D4s_v3", "os_family": "linux",
            "cloud_account": "11111111-1111-1111-1111-111111111111", "environment": "production",
        }),
        ([{**AZURE["data"][0], **AZURE["data"][0]["properties"], "properties": None, "privateIps": "10.5.0.4"}],
         "azure", {"hostname": ["shopdb1"], "ip_address": ["10.5.0.4"], "region": "westeurope"}),
        (GCP, "gcp", {
            "name": "shop-app-1", "instance_type": "n1-standard-2", "availability_zone": "europe-west1-b",
            "ip_address": ["10.9.0.2", "34.1.2.3"], "network": ["prod"], "power_state": "on",
            "environment": "production",
        }),
        ([{"name": "//compute.googleapis.com/x", "assetType": "compute.googleapis.com/Instance",
           "resource": {"version": "v1", "data": GCP[0]}}], "gcp",
         {"instance_type": "n1-standard-2", "ip_address": ["10.9.0.2", "34.1.2.3"]}),
        (SERVICENOW, "servicenow", {"owner": "Ann Bell", "site": "Lyon", "ip_address": ["10.3.0.9"]}),
    ],
    ids=["aws", "aws query", "azure graph", "az vm list", "gcloud", "gcp assets", "servicenow api"],
)  # fmt: skip
def test_a_document_of_a_cloud_gives_its_machines(home, tmp_path, document, kind, expected):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(document))
    done = flows.import_files(home, flows.Request((path,)))
    assert [entry["kind"] for entry in done.files] == [kind]
    (machine,) = assets(home)
    assert {name: machine.values.get(name) for name in expected} == expected
    assert machine.type == ("server" if kind == "servicenow" else "virtual_machine")
